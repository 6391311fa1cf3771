/// What a guest has from outside: files, sockets and ports that its arguments name, how they are told again, and what of them a
/// restored machine may not take from the recorded one.
package dev.freezeframe.qemu.outside;
