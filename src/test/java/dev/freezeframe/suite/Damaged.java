package dev.freezeframe.suite;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Announces that a test leaves a store behind that is damaged, see [SoundStores]; a method that leaves none then fails.
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Damaged {
    /// Why it does.
    String value();
}
