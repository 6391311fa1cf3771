package dev.freezeframe.cli.run;

import dev.freezeframe.qemu.profile.ProfileEntry;
import dev.freezeframe.qemu.profile.Profiles;
import java.util.Iterator;

/// The names of the profiles that there are, for completion. Looks when it is asked, not when it is made.
final class ProfileNames implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
        return Profiles.standard().list().stream().map(ProfileEntry::name).iterator();
    }
}
