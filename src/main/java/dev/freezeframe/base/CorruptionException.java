package dev.freezeframe.base;

/// Thrown by the decoders when stored bytes break a rule of their format; whoever knows which row they came from turns it
/// into a [dev.freezeframe.store.model.StoreException].
public final class CorruptionException extends Exception {
    private static final long serialVersionUID = 1L;

    public CorruptionException(String what) {
        super(what);
    }
}
