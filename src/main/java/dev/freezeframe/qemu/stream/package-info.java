/// QEMU's migration stream and saved device state: saving it in a pause, taking it apart, loading it into a waiting
/// QEMU. Every byte counts as untrusted until [dev.freezeframe.qemu.stream.DeviceState] has accepted it.
package dev.freezeframe.qemu.stream;
