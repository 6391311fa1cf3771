/// The H2 file of a store and the SQL of its tables. The only package that names H2.
package dev.freezeframe.store.catalog;
