// A tour of pgJDBC: its metadata, cursors, prepared statements, batches and timeouts. Run by postgres-clients.test.ts.
import java.sql.*;
import java.util.*;

public class T {
  public static void main(String[] given) throws Exception {
    Properties login = new Properties();
    login.put("user", given[1]);
    login.put("password", given[2]);
    try (Connection connection = DriverManager.getConnection(given[0], login)) {
      metadata(connection.getMetaData());
      cursor(connection);
      parameters(connection);
      changes(connection);
      timeout(connection);
    }
  }

  static void metadata(DatabaseMetaData data) throws SQLException {
    System.out.println("product " + data.getDatabaseProductName() + " " + data.getDatabaseProductVersion());
    print("schema", data.getSchemas(), 1);
    print("table", data.getTables(null, "web", "%", new String[] {"TABLE", "VIEW"}), 3, 4, 5);
    print("column", data.getColumns(null, "web", "tracks", "%"), 4, 5, 6, 7, 9, 12, 18);
    print("pk", data.getPrimaryKeys(null, "web", "tracks"), 4);
    print("fk", data.getImportedKeys(null, "web", "tracks"), 4);
    print("index", data.getIndexInfo(null, "web", "tracks", false, false), 6);
    print("catalog", data.getCatalogs(), 1);
    print("privilege", data.getTablePrivileges(null, "web", "tracks"), 6);
    System.out.println("types " + (count(data.getTypeInfo()) > 20));
    System.out.println("functions " + count(data.getFunctions(null, null, "%")));
    System.out.println("keywords " + data.getSQLKeywords().length());
  }

  static void print(String what, ResultSet rows, int... columns) throws SQLException {
    while (rows.next()) {
      StringBuilder line = new StringBuilder(what);
      for (int column : columns) line.append(' ').append(rows.getString(column));
      System.out.println(line);
    }
  }

  static int count(ResultSet rows) throws SQLException {
    int found = 0;
    while (rows.next()) found++;
    return found;
  }

  /** Another statement comes while a cursor is half read. */
  static void cursor(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.setFetchSize(1000);
      ResultSet rows = statement.executeQuery("SELECT id FROM web.pages ORDER BY id");
      long sum = 0;
      int read = 0;
      while (rows.next()) {
        sum += rows.getLong(1);
        if (++read != 1500) continue;
        try (Statement inner = connection.createStatement()) {
          print("inner", inner.executeQuery("SELECT 5"), 1);
        }
      }
      System.out.println("sum " + sum + " " + read);
    }
    connection.commit();
    connection.setAutoCommit(true);
  }

  /** More often than the driver's prepareThreshold: then values come in binary. */
  static void parameters(Connection connection) throws SQLException {
    String sql = "SELECT id, name, price, seen, day, raw, tags, flag, x FROM web.tracks WHERE id = ? AND name = ?";
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int round = 0; round < 8; round++) {
        statement.setLong(1, 1);
        statement.setString(2, "one");
        ResultSet row = statement.executeQuery();
        row.next();
        System.out.println("row " + row.getLong(1) + " " + row.getString(2) + " " + row.getBigDecimal(3) + " "
            + row.getTimestamp(4).toInstant() + " " + row.getDate(5) + " " + row.getBytes(6).length + " "
            + Arrays.toString((Object[]) row.getArray(7).getArray()) + " " + row.getBoolean(8) + " " + row.getDouble(9));
      }
    }
    String casts = "SELECT ?::int + 1, ?, ?::date, ? > seen FROM web.tracks WHERE id = 1";
    try (PreparedStatement statement = connection.prepareStatement(casts)) {
      statement.setInt(1, 41);
      statement.setString(2, "t");
      statement.setDate(3, java.sql.Date.valueOf("2026-03-01"));
      statement.setTimestamp(4, new Timestamp(1900000000000L));
      ResultSet row = statement.executeQuery();
      row.next();
      System.out.println(
          "values " + row.getInt(1) + " " + row.getString(2) + " " + row.getDate(3) + " " + row.getBoolean(4));
    }
  }

  static void changes(Connection connection) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("INSERT INTO desk.notes (id, text) VALUES (?, ?)")) {
      for (int row = 0; row < 10; row++) {
        statement.setLong(1, row);
        statement.setString(2, "n" + row);
        statement.addBatch();
      }
      System.out.println("batch " + statement.executeBatch().length);
    }
    try (Statement statement = connection.createStatement()) {
      print("notes", statement.executeQuery("SELECT count(*) FROM desk.notes"), 1);
      statement.execute("DELETE FROM desk.notes");
    }
  }

  static void timeout(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(1);
      statement.executeQuery("SELECT count(*) FROM range(10000000000) a, range(100) b");
    } catch (SQLException error) {
      System.out.println("timeout " + error.getSQLState());
    }
  }
}
