/// Brings a checkpoint back: memory image out of packs, a new machine from image and device state.
package dev.freezeframe.restore;
