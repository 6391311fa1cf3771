package dev.freezeframe.store.lock;

import dev.freezeframe.store.model.StoreException;

/// What is done by whoever holds a lock, before it is given back.
@FunctionalInterface
public interface LockedWork<T> {
    T run() throws StoreException;
}
