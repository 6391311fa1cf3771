/// What goes into a store and comes out: ids, records, maps, figures, errors. Values; nothing here knows the database.
package dev.freezeframe.store.model;
