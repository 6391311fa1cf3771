/// Measures recording and restoring on real machines, the way the project's figures are stated. Holds no stand-ins:
/// every number comes from a QEMU that ran and a store that was written.
package dev.freezeframe.bench;
