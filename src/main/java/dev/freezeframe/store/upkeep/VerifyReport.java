package dev.freezeframe.store.upkeep;

import java.util.List;

/// What [dev.freezeframe.store.Store#verify] found.
///
/// @param checkpoints checkpoints looked at
/// @param packs       packs read, decompressed and hashed anew
/// @param chunks      chunks in them
/// @param logs        logs of runs that can be replayed, read and decompressed
/// @param damages     what is lost of checkpoints, exactly
/// @param logDamages  what is lost of logs
/// @param remarks     defects that cost no checkpoint and no log anything, one line each
public record VerifyReport(long checkpoints, long packs, long chunks, long logs, List<Damage> damages,
        List<LogDamage> logDamages, List<String> remarks) {
    /// Whether every checkpoint and every log can be read back whole.
    public boolean isSound() {
        return damages.isEmpty() && logDamages.isEmpty();
    }

    /// An image that cannot be read back whole.
    ///
    /// @param checkpoint the checkpoint it belongs to, as `EXPERIMENT/NUMBER`
    /// @param image      the image, such as `ram`
    /// @param pages      how many of its pages are lost
    /// @param pageRanges which, such as `12-14, 99`; cut off after some hundred characters
    /// @param cause      one line
    public record Damage(String checkpoint, String image, long pages, String pageRanges, String cause) {}

    /// A log that cannot be read back whole. The checkpoints of its experiment can be restored all the same.
    ///
    /// @param experiment whose log it is
    /// @param pieces     how many of its pieces are lost, missing, or where they cannot be
    /// @param cause      what is wrong with the first of them, one line
    public record LogDamage(String experiment, long pieces, String cause) {}
}
