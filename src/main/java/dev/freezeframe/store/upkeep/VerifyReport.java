package dev.freezeframe.store.upkeep;

import java.util.List;

/// What [dev.freezeframe.store.Store#verify] found.
///
/// @param checkpoints checkpoints looked at
/// @param packs       packs read, decompressed and hashed anew
/// @param chunks      chunks in them
/// @param damages     what is lost, exactly; empty if the store is sound
/// @param remarks     defects that cost no checkpoint anything, one line each
public record VerifyReport(long checkpoints, long packs, long chunks, List<Damage> damages, List<String> remarks) {
    /// Whether every checkpoint can be read back whole.
    public boolean isSound() {
        return damages.isEmpty();
    }

    /// An image that cannot be read back whole.
    ///
    /// @param checkpoint the checkpoint it belongs to, as `EXPERIMENT/NUMBER`
    /// @param image      the image, such as `ram`
    /// @param pages      how many of its pages are lost
    /// @param pageRanges which, such as `12-14, 99`; cut off after some hundred characters
    /// @param cause      one line
    public record Damage(String checkpoint, String image, long pages, String pageRanges, String cause) {}
}
