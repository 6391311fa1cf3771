/// What holds for every test: it is quiet, it says what it starts, and whoever skips one says why. JUnit finds these classes
/// by itself (`META-INF/services`), so that no test can forget them.
package dev.freezeframe.suite;
