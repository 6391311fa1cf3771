package dev.freezeframe.linux;

/// The numbers of Linux' userfaultfd interface (`linux/userfaultfd.h`), as far as asynchronous write tracking needs
/// them. Valid on x86-64 only, because of the system calls' numbers.
final class UserFault {

    static final int NR_CLOSE = 3;
    static final int NR_IOCTL = 16;
    static final int NR_USERFAULTFD = 323;

    static final long UFFD_USER_MODE_ONLY = 1;
    /// User mode is enough: asynchronous faults are resolved in the kernel, never delivered to anyone, so nobody
    /// needs the privilege of holding up the kernel's own accesses.
    static final long FLAGS = Libc.O_CLOEXEC | Libc.O_NONBLOCK | UFFD_USER_MODE_ONLY;

    static final long UFFDIO_API = 0xC018AA3FL; // _IOWR(0xAA, 0x3F, struct uffdio_api)
    static final long UFFDIO_REGISTER = 0xC020AA00L; // _IOWR(0xAA, 0x00, struct uffdio_register)

    private static final long UFFD_API = 0xAA;
    private static final long UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1 << 0;
    private static final long UFFD_FEATURE_WP_HUGETLBFS_SHMEM = 1 << 12;
    private static final long UFFD_FEATURE_WP_UNPOPULATED = 1 << 13;
    private static final long UFFD_FEATURE_WP_ASYNC = 1 << 15; // Linux 6.7
    private static final long UFFDIO_REGISTER_MODE_WP = 1 << 1;

    private UserFault() {}

    /// `struct uffdio_api`: which API, wanted features, and room for the answer.
    static long[] apiRequest() {
        return new long[]{UFFD_API, UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM
                | UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_ASYNC, 0};
    }

    /// `struct uffdio_register`: the range, the mode, and room for the answer.
    static long[] registerRequest(long start, long lengthBytes) {
        return new long[]{start, lengthBytes, UFFDIO_REGISTER_MODE_WP, 0};
    }
}
