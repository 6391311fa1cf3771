package dev.freezeframe;

/// The QEMU that the tests run: the one that the system property `freezeframe.qemu` names, as for the program itself.
/// Every test that starts a QEMU, or a JVM that will, asks here, so that a run against another version means it.
public final class TestedQemu {
    private static final String PROPERTY = "freezeframe.qemu";

    private TestedQemu() {}

    public static String binary() {
        return System.getProperty(PROPERTY, "qemu-system-x86_64");
    }

    /// Has a child JVM use the same.
    public static String jvmOption() {
        return "-D" + PROPERTY + "=" + binary();
    }
}
