package dev.freezeframe.qemu.nbd;

/// The error numbers that a server may answer with.
public enum NbdErrno {
    EPERM(1), EIO(5), ENOMEM(12), EINVAL(22), ENOSPC(28), EOVERFLOW(75), ENOTSUP(95), ESHUTDOWN(108);

    private final int number;

    NbdErrno(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    /// As the protocol has it: an unknown number means `EINVAL`.
    static NbdErrno of(int number) {
        for (NbdErrno each : values()) {
            if (each.number == number)
                return each;
        }
        return EINVAL;
    }
}
