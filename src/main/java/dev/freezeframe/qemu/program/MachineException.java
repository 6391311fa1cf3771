package dev.freezeframe.qemu.program;

import java.io.IOException;
import java.util.Optional;

/// A machine that could not be started or reached. The message is one line with what, why and what to do.
public final class MachineException extends IOException {
    private static final long serialVersionUID = 1;

    private final String outsideReason;

    public MachineException(String message) {
        this(message, null);
    }

    public MachineException(String message, Throwable cause) {
        super(message, cause);
        outsideReason = null;
    }

    private MachineException(String why, String remedy, Throwable cause) {
        super(why + "; " + remedy, cause);
        outsideReason = why;
    }

    /// Of a machine that finds something outside its guest otherwise than it needs it: a file, a port, a socket.
    ///
    /// @param remedy what to do, in the words of the command line
    public static MachineException outside(String why, String remedy, Throwable cause) {
        return new MachineException(why, remedy, cause);
    }

    /// What a failure finds otherwise outside the guest than the machine needs it, which a restore can be asked to take
    /// elsewhere, accept or leave out; empty where that is not the reason. Without the remedy, for a front end that offers it.
    public static Optional<String> outsideReason(Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof MachineException e && e.outsideReason != null) {
                return Optional.of(e.outsideReason);
            }
        }
        return Optional.empty();
    }
}
