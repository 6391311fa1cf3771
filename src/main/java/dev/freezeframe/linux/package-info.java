/// What Linux offers beyond the JDK: shared memory, ptrace, userfaultfd, pagemap, limits; and what all need to end threads and
/// to close things. The only package that may
/// import {@code java.lang.foreign}.
package dev.freezeframe.linux;
