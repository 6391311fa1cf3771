package dev.freezeframe.suite;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.opentest4j.TestAbortedException;

/// Says at the end of a run which tests were skipped, and why. On a build server it fails those that [Needs] finds no excuse
/// for.
public final class SkippedTests
        implements
            TestExecutionListener,
            TestExecutionExceptionHandler,
            LifecycleMethodExecutionExceptionHandler {
    private final Map<String, String> reasons = new TreeMap<>();
    private TestPlan plan;

    @Override
    public void testPlanExecutionStarted(TestPlan testPlan) {
        plan = testPlan;
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        reasons.put(name(test), reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            reasons.put(name(test), result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
        }
    }

    @Override
    public void testPlanExecutionFinished(TestPlan testPlan) {
        reasons.forEach((test, reason) -> TestOutput.ofThisJvm().shown().println("skipped: " + test + ": " + reason
                .lines().findFirst().orElse("no reason given")));
        reasons.clear();
    }

    private String name(TestIdentifier test) {
        return plan.getParent(test).map(parent -> parent.getDisplayName() + ", ").orElse("") + test.getDisplayName();
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable problem) throws Throwable {
        throw judged(problem);
    }

    @Override
    public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable problem) throws Throwable {
        throw judged(problem);
    }

    @Override
    public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable problem) throws Throwable {
        throw judged(problem);
    }

    private static Throwable judged(Throwable problem) {
        if (problem instanceof TestAbortedException skip) {
            String fault = Needs.fault(skip);
            return fault.isEmpty() ? problem : new AssertionError(fault + ": " + skip.getMessage(), skip);
        }
        return problem;
    }
}
