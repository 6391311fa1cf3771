package dev.freezeframe.suite;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Announces the warnings and errors that a test has the program log; any other fails the test. On a method each of them
/// must come; on a class any of its tests may log them.
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface ExpectWarnings {
    /// Regular expressions, each found somewhere in a line: the message, then the exception that comes with it.
    String[] value();
}
