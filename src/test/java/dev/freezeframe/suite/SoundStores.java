package dev.freezeframe.suite;

import static org.junit.jupiter.api.Assertions.fail;

import dev.freezeframe.base.Progress;
import dev.freezeframe.store.Store;
import dev.freezeframe.store.model.StoreException;
import dev.freezeframe.store.upkeep.VerifyReport;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;
import org.junit.platform.commons.support.AnnotationSupport;

/// Fails a test that leaves a store in one of its temporary folders which is still open, cannot be opened or is not sound,
/// whatever the test itself looked at. One that damages a store on purpose says so by [Damaged].
public final class SoundStores implements AfterEachCallback, AfterAllCallback {
    private static final String STORE_FILE = "store.mv.db";
    /// By the id of the test or class that each was made for.
    private static final Map<String, List<Path>> FOLDERS = new ConcurrentHashMap<>();

    /// Makes the temporary folders of all tests.
    public static final class Folders implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context) throws Exception {
            Path folder = Standard.INSTANCE.createTempDirectory(element, context);
            FOLDERS.computeIfAbsent(context.getUniqueId(), _ -> new CopyOnWriteArrayList<>()).add(folder);
            return folder;
        }
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        check(context, AnnotationSupport.isAnnotated(context.getRequiredTestMethod(), Damaged.class));
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        check(context, false);
    }

    private static void check(ExtensionContext context, boolean mustBeDamaged) throws IOException {
        List<Path> folders = FOLDERS.remove(context.getUniqueId());
        if (context.getExecutionException().isPresent()) {
            return;
        }
        List<String> faults = new ArrayList<>();
        for (Path folder : folders == null ? List.<Path>of() : folders) {
            for (Path store : stores(folder)) {
                String fault = fault(store);
                if (!fault.isEmpty()) {
                    faults.add("store " + store + ", which the test left, " + fault);
                }
            }
        }
        if (mustBeDamaged && faults.isEmpty()) {
            fail("the test left no store that is damaged, take @Damaged off it");
        }
        if (!mustBeDamaged && !faults.isEmpty()) {
            fail(String.join("\n", faults));
        }
    }

    private static List<Path> stores(Path folder) throws IOException {
        List<Path> stores = new ArrayList<>();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.endsWith(STORE_FILE) && attributes.isRegularFile()) {
                    stores.add(file.getParent());
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                return FileVisitResult.CONTINUE; // what a test made unreadable, or what just went
            }
        });
        return stores;
    }

    /// Empty if there is nothing against it.
    private static String fault(Path directory) {
        try (Store store = Store.open(directory)) {
            VerifyReport report = store.verify(Progress.NONE);
            return report.isSound()
                    ? ""
                    : "is damaged:\n" + report.damages().stream().map(Object::toString).collect(
                            Collectors.joining("\n"));
        } catch (StoreException e) {
            return "cannot be verified: " + e.getMessage();
        }
    }
}
