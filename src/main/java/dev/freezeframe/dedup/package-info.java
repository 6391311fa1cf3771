/// Page hashing, classification and the in-memory chunk index. Decides how few bytes are kept. Knows the
/// store below it and nothing of machines or captures.
package dev.freezeframe.dedup;
