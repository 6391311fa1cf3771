/// Unix sockets between us and our QEMUs: listening, connecting, and who is at the other end.
package dev.freezeframe.linux.socket;
