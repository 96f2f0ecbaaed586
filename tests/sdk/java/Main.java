// SPDX-License-Identifier: Apache-2.0
// Runs the tests with JUnit, some at a time: a line for each, `RESULT passed failed skipped` at the end.
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

public final class Main implements TestExecutionListener {
    private static final List<Class<?>> TESTS = List.of(ScenariosTest.class, ExpressionsTest.class, FlowsTest.class, EnhancedTest.class,
            AsyncTest.class, MapperTest.class, ThrottleTest.class);
    private static final AtomicInteger PASSED = new AtomicInteger(), FAILED = new AtomicInteger(), SKIPPED = new AtomicInteger();

    private TestPlan plan;

    public static void main(String[] arguments) {
        System.setProperty("aws.java.v1.disableDeprecationAnnouncement", "true");
        System.setProperty("org.apache.commons.logging.Log", "org.apache.commons.logging.impl.NoOpLog"); // v1 speaks there
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(TESTS.stream().map(DiscoverySelectors::selectClass).toList())
                .configurationParameter("junit.jupiter.execution.parallel.enabled", "true")
                .configurationParameter("junit.jupiter.execution.parallel.mode.default", "concurrent")
                .configurationParameter("junit.jupiter.execution.parallel.config.strategy", "fixed")
                .configurationParameter("junit.jupiter.execution.parallel.config.fixed.parallelism", "8")
                .configurationParameter("junit.jupiter.execution.timeout.default", "240 s")
                .configurationParameter("junit.jupiter.displayname.generator.default", "org.junit.jupiter.api.DisplayNameGenerator$Simple")
                .build();
        LauncherFactory.create().execute(request, new Main());
        print("RESULT " + PASSED + " " + FAILED + " " + SKIPPED);
        System.exit(FAILED.get() == 0 ? 0 : 1);
    }

    private static void print(String text) {
        System.out.println(text);
    }

    // Of a part of a test that is not run; why is always said.
    static void skip(String name, String reason) {
        SKIPPED.incrementAndGet();
        print("skip " + name + ": " + reason);
    }

    @Override
    public void testPlanExecutionStarted(TestPlan started) {
        plan = started;
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skip(nameOf(test), reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        Optional<Throwable> error = result.getThrowable();
        if (result.getStatus() == TestExecutionResult.Status.FAILED) {
            FAILED.incrementAndGet();
            print("FAIL " + nameOf(test) + "\n    " + error.map(Main::reasonOf).orElse("for no reason given"));
        } else if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            skip(nameOf(test), error.map(Throwable::getMessage).orElse("for no reason given"));
        } else if (test.isTest()) {
            PASSED.incrementAndGet();
            print("ok   " + nameOf(test));
        }
    }

    // The test's own name after those of what holds it, without the engine's.
    private String nameOf(TestIdentifier test) {
        String name = test.getDisplayName();
        Optional<TestIdentifier> in = plan.getParent(test);
        while (in.isPresent() && in.get().getParentId().isPresent()) {
            name = in.get().getDisplayName() + " > " + name;
            in = plan.getParent(in.get());
        }
        return name;
    }

    // What is wrong and where in these files.
    private static String reasonOf(Throwable error) {
        StringBuilder reason = new StringBuilder();
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            reason.append(cause).append('\n');
            for (StackTraceElement place : cause.getStackTrace()) {
                if (place.getClassName().indexOf('.') < 0) {
                    reason.append("  at ").append(place).append('\n');
                }
            }
        }
        return reason.toString().strip().replace("\n", "\n    ");
    }
}
