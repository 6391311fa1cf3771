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

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
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
    private static final List<String> LAYERS = List.of("ui", "cli", "simulate", "bench", "host", "plot", "analyse",
            "record",
            "bundle", "restore", "capture", "dedup", "store", "qemu", "linux", "base");

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
    void everyPackageIsInTheTable() {
        classes().that().resideOutsideOfPackage("dev.freezeframe").should()
                .resideInAnyPackage(LAYERS.stream().map(name -> ROOT + name + "..").toArray(String[]::new))
                .because("a room that is not in the table has no place from which the arrows could be judged").check(
                        program);
    }

    @Test
    void arrowsPointDownOnly() {
        for (int upper = 1; upper < LAYERS.size(); upper++) {
            String[] above = LAYERS.subList(0, upper).stream().map(name -> ROOT + name + "..").toArray(String[]::new);
            noClasses().that().resideInAPackage(ROOT + LAYERS.get(upper) + "..").should().dependOnClassesThat()
                    .resideInAnyPackage(above).because("what is below is understood, tested and used without what is"
                            + " above")
                    .check(program);
        }
    }

    @Test
    void packagesFormNoCircles() {
        slices().matching(ROOT + "(**)").should().beFreeOfCycles()
                .ignoreDependency(resideInAPackage(ROOT + "ui.."), resideInAPackage(ROOT + "ui.."))
                .because("a circle of packages is one package with walls that do not hold;"
                        + " the window's features share its shell, which shows them")
                .check(program);
    }

    @Test
    void captureReachesNeitherStoreNorHashNorCompression() {
        classes().that().resideInAPackage(ROOT + "capture..").should()
                .onlyDependOnClassesThat(resideInAnyPackage("java..", ROOT + "capture..", ROOT + "qemu..", ROOT
                        + "linux..", ROOT + "base..", "com.fasterxml.jackson.databind..",
                        "com.google.errorprone.annotations..", "org.slf4j..").and(
                                DescribedPredicate.not(resideInAnyPackage("java.sql..", "java.util.zip..",
                                        "java.security.."))))
                .because("the guest stands still meanwhile").check(program);
    }

    @Test
    void simulationNeverTouchesCapture() {
        noClasses().that().resideInAPackage(ROOT + "simulate..").should().dependOnClassesThat(resideInAnyPackage(ROOT
                + "capture..", ROOT + "record.."))
                .because("what is executed again comes out of a store, and is recorded by"
                        + " nobody")
                .check(program);
    }

    @Test
    void nothingThatTheCaptureStandsOnReachesTheStoreEither() {
        noClasses().that().resideInAnyPackage(ROOT + "qemu..", ROOT + "linux..", ROOT + "base..").should()
                .dependOnClassesThat(resideInAnyPackage(ROOT + "store..", ROOT + "dedup..", "org.h2..",
                        "com.github.luben..", "net.openhft.."))
                .because("the guest stands still meanwhile").check(program);
    }

    @Test
    void thePauseWindowUsesOnlyMonitorTrackerMemoryAndFrame() {
        classes().that().haveSimpleName("PauseWindow").should()
                .onlyDependOnClassesThat(resideInAnyPackage("java.lang..", "java.io..", "java.time..", "java.util",
                        "java.util.concurrent.locks", ROOT + "capture..", ROOT + "qemu.stream..", ROOT + "qemu.qmp..",
                        ROOT
                                + "base.."))
                .because("all that it does is counted as standstill").check(program);
    }

    @Test
    void onlyTheLinuxPackagesCallTheKernel() {
        noClasses().that().resideOutsideOfPackage(ROOT + "linux..").should().dependOnClassesThat(resideInAnyPackage(
                "java.lang.foreign..", "jnr.."))
                .because("a call that is wrong there takes the whole process along").check(program);
    }

    @Test
    void onlyTheCatalogKnowsH2() {
        noClasses().that().resideOutsideOfPackage(ROOT + "store.catalog..").should().dependOnClassesThat(
                resideInAnyPackage("org.h2..")).because(
                        "another database, or another version of it, is a matter of one package")
                .check(program);
    }

    @Test
    void onlyTheStoreSpeaksSql() {
        noClasses().that().resideOutsideOfPackage(ROOT + "store..").should()
                .dependOnClassesThat(resideInAnyPackage("java.sql..", "javax.sql..")).because(
                        "everybody else works with what the store promises")
                .check(program);
    }

    @Test
    void theRoomsOfTheStoreAreEnteredByItsFace() {
        noClasses().that().resideOutsideOfPackage(ROOT + "store..").should().dependOnClassesThat(resideInAnyPackage(
                ROOT + "store.catalog..")).because("what a store promises, its face and its values keep").check(
                        program);
    }

    @Test
    void viewModelsNeverSeeAControl() {
        DescribedPredicate<JavaClass> control = resideInAnyPackage("javafx.scene..", "javafx.stage..", "javafx.css..",
                "org.controlsfx..", "io.fair_acc.chartfx..", "com.techsenger..", "org.kordamp..", "atlantafx..");
        DescribedPredicate<JavaClass> view = DescribedPredicate.describe("is or knows a control", type -> control.test(
                type)
                || (type.getPackageName().startsWith(ROOT + "ui") && type.getDirectDependenciesFromSelf().stream()
                        .anyMatch(each -> control.test(each.getTargetClass()))));
        noClasses().that().resideInAPackage(ROOT + "ui..").and().haveSimpleNameEndingWith("Model").or()
                .resideInAPackage(ROOT + "ui.task..").should().dependOnClassesThat(view)
                .because("state and logic of the window are tested without a window").check(program);
    }

    @Test
    void nothingBelowTheWindowKnowsJavaFx() {
        noClasses().that().resideOutsideOfPackage(ROOT + "ui..").should().dependOnClassesThat(resideInAnyPackage(
                "javafx..", "com.sun.javafx..")).because("the command line starts and runs without it").check(program);
    }

    @Test
    void theWindowWorksThroughTheEngineOnly() {
        noClasses().that().resideInAPackage(ROOT + "ui..").should().dependOnClassesThat(resideInAnyPackage(ROOT
                + "linux..", ROOT + "qemu.stream..", ROOT + "qemu.nbd..", ROOT + "dedup..")).because(
                        "what it can do, a command can do as well")
                .check(program);
    }
}
