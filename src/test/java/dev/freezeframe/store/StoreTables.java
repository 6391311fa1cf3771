package dev.freezeframe.store;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// The tables of a store as its database tells of them, whatever version wrote it. The store must not be open.
public final class StoreTables {
    /// A column.
    ///
    /// @param type as in SQL, with `NULL` behind it where that may be
    /// @param key  `key` if it is part of the primary key, `→ table` if it refers to another, or both
    public record Column(String table, String name, String type, String key) {}

    private StoreTables() {}

    /// Puts a store that an older version wrote into a folder.
    public static void copyStoreOfFormat(int format, Path directory) throws Exception {
        for (String file : List.of("store.mv.db", "store.version")) {
            Files.copy(Path.of("src/test/resources/dev/freezeframe/store/format-" + format, file),
                    directory.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    public static Connection connection(Path directory) throws SQLException {
        return DriverManager.getConnection("jdbc:h2:" + directory.resolve("store"), "sa", "");
    }

    /// All columns of all tables, by table and in their order.
    public static List<Column> of(Path directory) throws SQLException {
        List<Column> columns = new ArrayList<>();
        try (Connection connection = connection(directory);
                Statement query = connection.createStatement();
                ResultSet row = query.executeQuery("SELECT c.table_name, c.column_name, c.data_type,"
                        + " c.character_maximum_length, c.datetime_precision, c.is_nullable"
                        + " FROM information_schema.columns c JOIN information_schema.tables t"
                        + " ON t.table_schema = c.table_schema AND t.table_name = c.table_name"
                        + " WHERE c.table_schema = 'PUBLIC' AND t.table_type = 'BASE TABLE'"
                        + " ORDER BY c.table_name, c.ordinal_position")) {
            Map<String, Map<String, String>> keys = new TreeMap<>();
            while (row.next()) {
                String table = row.getString(1);
                if (!keys.containsKey(table)) {
                    keys.put(table, keys(connection, table));
                }
                String type = switch (row.getString(3)) {
                    case "INTEGER" -> "INT";
                    case "CHARACTER VARYING" -> "VARCHAR(" + row.getLong(4) + ")";
                    case "BINARY VARYING" -> "VARBINARY(" + row.getLong(4) + ")";
                    case "TIMESTAMP WITH TIME ZONE" -> "TIMESTAMP(" + row.getInt(5) + ") WITH TIME ZONE";
                    default -> row.getString(3);
                };
                columns.add(new Column(small(table), small(row.getString(2)),
                        type + (row.getString(6).equals("YES") ? " NULL" : ""),
                        keys.get(table).getOrDefault(row.getString(2), "")));
            }
        }
        return columns;
    }

    private static Map<String, String> keys(Connection connection, String table) throws SQLException {
        Set<String> primary = new TreeSet<>();
        try (ResultSet row = connection.getMetaData().getPrimaryKeys(null, "PUBLIC", table)) {
            while (row.next()) {
                primary.add(row.getString("COLUMN_NAME"));
            }
        }
        Map<String, String> keys = new TreeMap<>();
        primary.forEach(column -> keys.put(column, "key"));
        try (ResultSet row = connection.getMetaData().getImportedKeys(null, "PUBLIC", table)) {
            while (row.next()) {
                keys.merge(row.getString("FKCOLUMN_NAME"), "→ " + small(row.getString("PKTABLE_NAME")),
                        (one, other) -> one + " " + other);
            }
        }
        return keys;
    }

    private static String small(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
