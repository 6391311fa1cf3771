package dev.freezeframe.machine;

/// A disk of a running machine that its guest can write, so that checkpoints must have it.
///
/// @param id as in the profile
/// @param node the block node that the device is attached to
/// @param qomPath the object whose property `drive` names that node
/// @param sizeBytes the size that the guest sees
/// @param diskInterface the device that the guest sees
public record MachineDisk(String id, String node, String qomPath, long sizeBytes, Disk.Interface diskInterface) {

    /// The block node below [#node] of a disk whose writes do not go to its image: what it began with, only read.
    public String baseNode() {
        return baseNode(id);
    }

    static String baseNode(String id) {
        return id + "-base";
    }
}
