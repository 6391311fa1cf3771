package dev.freezeframe.qemu.machine;

import dev.freezeframe.qemu.image.Disk;
import java.util.Optional;

/// A disk of a running machine that its guest can write, so that checkpoints must have it.
///
/// @param id as in the profile
/// @param node the block node that the device is attached to
/// @param base the block node below it that has what the guest has not written; nobody writes to that one. Empty where the
///     guest writes to its image itself
/// @param qomPath the object whose property `drive` names that node
/// @param sizeBytes the size that the guest sees
/// @param diskInterface the device that the guest sees
public record MachineDisk(String id, String node, Optional<String> base, String qomPath, long sizeBytes,
        Disk.Interface diskInterface) {}
