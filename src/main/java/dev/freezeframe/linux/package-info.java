/// What Linux offers beyond the JDK: shared memory, ptrace, userfaultfd, pagemap, image files with holes and locks. The only
/// package that may import {@code java.lang.foreign}.
package dev.freezeframe.linux;
