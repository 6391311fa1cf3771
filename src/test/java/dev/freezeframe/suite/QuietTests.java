package dev.freezeframe.suite;

import static org.junit.jupiter.api.Assertions.fail;

import java.lang.reflect.AnnotatedElement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.LogRecord;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/// Fails a test that logs a warning which nobody announced, or that prints something. Of a test that fails for another
/// reason it shows what was logged and printed; of all others nothing is seen.
public final class QuietTests implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    private final TestLog log = TestLog.ofThisJvm();
    private final TestOutput output = TestOutput.ofThisJvm();

    // One instance for the whole run, and one test at a time.
    private final List<LogRecord> outsideOfTests = new ArrayList<>();
    private final List<Pattern> allowedInClass = new ArrayList<>();
    private String printedOutside = "";
    private String lastClass = "JUnit";

    @Override
    public void beforeAll(ExtensionContext context) {
        if (isInner(context)) {
            return;
        }
        log.takeAllowed();
        List<LogRecord> late = unexpected(log.take(), List.of());
        String printed = output.take();
        String previous = lastClass;
        lastClass = context.getRequiredTestClass().getSimpleName();
        outsideOfTests.clear();
        allowedInClass.clear();
        allowedInClass.addAll(announced(context.getElement()));
        printedOutside = "";
        if (!late.isEmpty() || !printed.isEmpty()) {
            fail("something that " + previous + " left running " + complaint(late, printed));
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        takeWhatIsOutside();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        List<LogRecord> logged = log.take();
        String printed = output.take();
        String childrens = output.takeOfChildren();
        List<Pattern> required = announced(Optional.of(context.getRequiredTestMethod()));
        List<Pattern> allowed = new ArrayList<>(allowedInClass);
        allowed.addAll(log.takeAllowed());
        allowed.addAll(required);
        Optional<Throwable> failure = context.getExecutionException();
        if (failure.isPresent()) {
            if (!(failure.get() instanceof org.opentest4j.TestAbortedException)) {
                show(context, logged, printed + childrens);
            }
            return;
        }
        List<LogRecord> unexpected = unexpected(logged, allowed);
        if (!unexpected.isEmpty() || !printed.isEmpty()) {
            fail("the test " + complaint(unexpected, printed));
        }
        for (Pattern pattern : required) {
            if (logged.stream().noneMatch(record -> TestLog.isWarning(record) && pattern.matcher(TestLog.line(record))
                    .find())) {
                fail("no warning like \"" + pattern + "\" was logged");
            }
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (isInner(context)) {
            return;
        }
        takeWhatIsOutside();
        if (context.getExecutionException().isPresent()) {
            show(context, outsideOfTests, printedOutside);
            return;
        }
        List<LogRecord> unexpected = unexpected(outsideOfTests, allowedInClass);
        if (!unexpected.isEmpty() || !printedOutside.isEmpty()) {
            fail("the class, outside of its tests, " + complaint(unexpected, printedOutside));
        }
    }

    private void takeWhatIsOutside() {
        allowedInClass.addAll(log.takeAllowed());
        outsideOfTests.addAll(log.take());
        printedOutside += output.take();
    }

    private static boolean isInner(ExtensionContext context) {
        return !context.getEnclosingTestClasses().isEmpty();
    }

    private static List<Pattern> announced(Optional<? extends AnnotatedElement> element) {
        return AnnotationSupport.findAnnotation(element, ExpectWarnings.class).map(ExpectWarnings::value).stream()
                .flatMap(Stream::of).map(Pattern::compile).toList();
    }

    private static List<LogRecord> unexpected(List<LogRecord> logged, List<Pattern> allowed) {
        return logged.stream().filter(TestLog::isWarning).filter(record -> allowed.stream().noneMatch(pattern -> pattern
                .matcher(TestLog.line(record)).find())).toList();
    }

    private static String complaint(List<LogRecord> unexpected, String printed) {
        List<String> parts = new ArrayList<>();
        if (!unexpected.isEmpty()) {
            parts.add("logged what it did not announce (@ExpectWarnings):\n" + unexpected.stream().map(TestLog::inFull)
                    .collect(Collectors.joining("\n")));
        }
        if (!printed.isEmpty()) {
            parts.add("printed:\n" + printed);
        }
        return String.join("\nand ", parts);
    }

    private void show(ExtensionContext context, List<LogRecord> logged, String printed) {
        StringBuilder text = new StringBuilder();
        logged.forEach(record -> text.append(TestLog.inFull(record)).append('\n'));
        text.append(printed);
        if (!text.isEmpty()) {
            output.shown().println("--- log and output of " + lastClass + ", " + context.getDisplayName() + " ---\n"
                    + text + "---");
        }
    }
}
