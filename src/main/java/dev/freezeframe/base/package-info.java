/// What every other package may use and that knows none of them: text for people, shells and spreadsheets, progress, closing, folders.
package dev.freezeframe.base;
