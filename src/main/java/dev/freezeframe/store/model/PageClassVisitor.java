package dev.freezeframe.store.model;

/// Receives a run of pages of one class.
@FunctionalInterface
public interface PageClassVisitor {
    /// The pages from `firstPage` on, `count` of them.
    void run(int firstPage, int count, PageClass pageClass);
}
