package dev.freezeframe;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.freezeframe.cli.Main;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Keeps the arrows between the packages pointing down, the pause window free of everything that is not capture, and tests
/// from waiting for luck.
class ArchitectureTest {

    private static final String ROOT = "dev.freezeframe.";

    /// From the top down: a package may use those behind it, never those before it.
    private static final List<String> LAYERS = List.of("ui", "cli", "experiment", "capture", "restore", "dedup",
            "store",
            "machine", "migration", "nbd", "qmp", "linux");

    private static JavaClasses program;

    @BeforeAll
    static void importProgram() throws URISyntaxException {
        program = classesBeside(Main.class);
    }

    private static JavaClasses classesBeside(Class<?> type) throws URISyntaxException {
        JavaClasses classes = new ClassFileImporter().importPath(Path.of(type.getProtectionDomain().getCodeSource()
                .getLocation().toURI()));
        assertFalse(classes.isEmpty());
        return classes;
    }

    @Test
    void testsWaitForAStateAndDoNotSleep() throws URISyntaxException {
        noClasses().that().haveNameNotMatching(".*Bench(mark)?(\\$.*)?").should().callMethodWhere(target(owner(
                equivalentTo(Thread.class))).and(target(name("sleep")))).because("suite.Await waits for a state")
                .check(classesBeside(ArchitectureTest.class));
    }

    @Test
    void arrowsPointDownOnly() {
        for (int upper = 0; upper < LAYERS.size(); upper++) {
            String[] above = LAYERS.subList(0, upper).stream().map(name -> ROOT + name + "..").toArray(String[]::new);
            if (above.length > 0) {
                noClasses().that().resideInAPackage(ROOT + LAYERS.get(upper) + "..").should().dependOnClassesThat()
                        .resideInAnyPackage(above).allowEmptyShould(true).check(program);
            }
        }
    }

    @Test
    void packagesFormNoCircles() {
        slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(program);
    }

    @Test
    void captureReachesNeitherStoreNorHashNorCompression() {
        classes().that().resideInAPackage(ROOT + "capture..").should()
                .onlyDependOnClassesThat(resideInAnyPackage("java..",
                        ROOT + "capture..", ROOT + "machine..", ROOT + "migration..", ROOT + "nbd..", ROOT + "qmp..",
                        ROOT
                                + "linux..",
                        "com.fasterxml.jackson.databind..", "org.slf4j..").and(
                                com.tngtech.archunit.base.DescribedPredicate.not(
                                        resideInAnyPackage("java.sql..", "java.util.zip..", "java.security.."))))
                .check(program);
    }

    @Test
    void nothingThatTheCaptureStandsOnReachesTheStoreEither() {
        noClasses().that()
                .resideInAnyPackage(ROOT + "machine..", ROOT + "migration..", ROOT + "nbd..", ROOT + "qmp..", ROOT
                        + "linux..")
                .should().dependOnClassesThat(resideInAnyPackage(ROOT + "store..", ROOT + "dedup..", "org.h2..",
                        "com.github.luben..", "net.openhft.."))
                .check(program);
    }

    @Test
    void thePauseWindowUsesOnlyMonitorTrackerMemoryAndFrame() {
        classes().that().haveSimpleName("PauseWindow").should()
                .onlyDependOnClassesThat(resideInAnyPackage("java.lang..",
                        "java.io..", "java.time..", "java.util", "java.util.concurrent.locks", ROOT + "capture..",
                        ROOT + "migration..",
                        ROOT + "qmp.."))
                .check(program);
    }

    @Test
    void onlyTheLinuxPackageCallsForeignFunctions() {
        noClasses().that().resideOutsideOfPackage(ROOT + "linux..").should()
                .dependOnClassesThat(resideInAPackage("java.lang.foreign..")).check(program);
    }

    @Test
    void onlyTheStoreSpeaksSql() {
        noClasses().that().resideOutsideOfPackage(ROOT + "store..").should()
                .dependOnClassesThat(resideInAnyPackage("java.sql..", "javax.sql..", "org.h2..")).check(program);
    }

    @Test
    void viewModelsNeverSeeAControl() {
        noClasses().that().resideInAnyPackage(ROOT + "ui.model..", ROOT + "ui.task..").should()
                .dependOnClassesThat(resideInAnyPackage("javafx.scene..", "javafx.stage..", "javafx.css..",
                        "org.controlsfx..", "io.fair_acc.chartfx..", "com.techsenger..", "org.kordamp..", "atlantafx..",
                        ROOT + "ui", ROOT + "ui.chart..", ROOT + "ui.machine..", ROOT + "ui.checkpoint..", ROOT
                                + "ui.library.."))
                .check(program);
    }

    @Test
    void nothingBelowTheWindowKnowsJavaFx() {
        noClasses().that().resideOutsideOfPackage(ROOT + "ui..").should().dependOnClassesThat(resideInAnyPackage(
                "javafx..", "com.sun.javafx..")).check(program);
    }

    @Test
    void theWindowWorksThroughTheEngineOnly() {
        noClasses().that().resideInAPackage(ROOT + "ui..").should().dependOnClassesThat(resideInAnyPackage(ROOT
                + "linux..", ROOT + "migration..", ROOT + "nbd..", ROOT + "dedup..")).check(program);
    }
}
