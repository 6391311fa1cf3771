/// The checkpointer: schedule, pre-copy, pause window and frames. Decides how long the guest stands still.
/// Nothing here may reach dedup, store or any compression; an architecture test keeps it so.
package dev.freezeframe.capture;
