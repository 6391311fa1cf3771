/// QEMU's migration stream and saved device state, as bytes: reading, checking, writing.
package dev.freezeframe.migration;
