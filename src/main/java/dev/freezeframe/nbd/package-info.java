/// The NBD protocol, client and server. Empty until disks are captured.
package dev.freezeframe.nbd;
