package dev.freezeframe.capture;

import dev.freezeframe.qmp.PendingReply;
import dev.freezeframe.qmp.QmpCommand;
import java.io.IOException;
import java.util.List;

/// A way to have QEMU write out the state of all its devices while the guest stands still.
/// Split in three, so that only what must happen in the pause does.
public interface DeviceStateSource extends AutoCloseable {

    /// The commands that save the state; sent together with `stop`, in one write.
    List<QmpCommand> commands();

    /// Waits, within the pause, until the state is saved and the guest may run again.
    ///
    /// @param replies the replies to [#commands], in their order
    void awaitSaved(List<PendingReply> replies) throws IOException;

    /// The saved state, read after the guest went on.
    byte[] collect() throws IOException;

    @Override
    void close();
}
