package dev.freezeframe.store;

/// Thrown by the decoders when stored bytes break a rule of their format; whoever knows which row they came from turns it
/// into a [StoreException].
final class Corruption extends Exception {
    private static final long serialVersionUID = 1L;

    Corruption(String what) {
        super(what);
    }
}
