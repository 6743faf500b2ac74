// A tour of pgJDBC: its metadata, cursors, prepared statements, batches and timeouts. Run by postgres-clients.test.ts.
import java.sql.*; import java.util.*;
public class T { public static void main(String[] a) throws Exception {
 Properties p=new Properties(); p.put("user",a[1]); p.put("password",a[2]);
 try(Connection c=DriverManager.getConnection(a[0],p)){
  DatabaseMetaData m=c.getMetaData();
  System.out.println("product "+m.getDatabaseProductName()+" "+m.getDatabaseProductVersion());
  ResultSet r=m.getSchemas(); while(r.next()) System.out.println("schema "+r.getString(1));
  r=m.getTables(null,"web","%",new String[]{"TABLE","VIEW"}); while(r.next()) System.out.println("table "+r.getString(2)+"."+r.getString(3)+" "+r.getString(4)+" "+r.getString(5));
  r=m.getColumns(null,"web","tracks","%"); while(r.next()) System.out.println("column "+r.getString(4)+" "+r.getInt(5)+" "+r.getString(6)+" "+r.getInt(7)+" "+r.getInt(9)+" "+r.getString(12)+" "+r.getString(18));
  r=m.getPrimaryKeys(null,"web","tracks"); while(r.next()) System.out.println("pk");
  r=m.getImportedKeys(null,"web","tracks"); while(r.next()) System.out.println("fk");
  r=m.getIndexInfo(null,"web","tracks",false,false); while(r.next()) System.out.println("index");
  r=m.getTypeInfo(); int n=0; while(r.next()) n++; System.out.println("types "+(n>20));
  r=m.getCatalogs(); while(r.next()) System.out.println("catalog "+r.getString(1));
  r=m.getFunctions(null,null,"%"); n=0; while(r.next()) n++; System.out.println("functions "+n);
  System.out.println("keywords "+m.getSQLKeywords().length());
  r=m.getTablePrivileges(null,"web","tracks"); while(r.next()) System.out.println("privilege "+r.getString(6));
  c.setAutoCommit(false);
  try(Statement s=c.createStatement()){ s.setFetchSize(1000); r=s.executeQuery("SELECT id FROM web.pages ORDER BY id"); long sum=0; int k=0; while(r.next()){ sum+=r.getLong(1); if(++k==1500){ try(Statement s2=c.createStatement()){ ResultSet r2=s2.executeQuery("SELECT 5"); r2.next(); System.out.println("inner "+r2.getInt(1)); } } } System.out.println("sum "+sum+" "+k); }
  c.commit(); c.setAutoCommit(true);
  try(PreparedStatement s=c.prepareStatement("SELECT id, name, price, seen, day, raw, tags, flag, x FROM web.tracks WHERE id = ? AND name = ?")){ for(int i=0;i<8;i++){ s.setLong(1,1); s.setString(2,"one"); r=s.executeQuery(); r.next(); System.out.println("row "+r.getLong(1)+" "+r.getString(2)+" "+r.getBigDecimal(3)+" "+r.getTimestamp(4).toInstant()+" "+r.getDate(5)+" "+r.getBytes(6).length+" "+Arrays.toString((Object[])r.getArray(7).getArray())+" "+r.getBoolean(8)+" "+r.getDouble(9)); } }
  try(PreparedStatement s=c.prepareStatement("SELECT ?::int + 1, ?, ?::date, ? > seen FROM web.tracks WHERE id=1")){ s.setInt(1,41); s.setString(2,"t"); s.setDate(3,java.sql.Date.valueOf("2026-03-01")); s.setTimestamp(4,new Timestamp(1900000000000L)); r=s.executeQuery(); r.next(); System.out.println("values "+r.getInt(1)+" "+r.getString(2)+" "+r.getDate(3)+" "+r.getBoolean(4)); }
  try(PreparedStatement s=c.prepareStatement("INSERT INTO made.notes (id, text) VALUES (?, ?)")){ for(int i=0;i<10;i++){ s.setLong(1,i); s.setString(2,"n"+i); s.addBatch(); } System.out.println("batch "+s.executeBatch().length); }
  try(Statement s=c.createStatement()){ r=s.executeQuery("SELECT count(*) FROM made.notes"); r.next(); System.out.println("notes "+r.getInt(1)); s.execute("DELETE FROM made.notes"); }
  try(Statement s=c.createStatement()){ s.setQueryTimeout(1); s.executeQuery("SELECT count(*) FROM range(10000000000) a, range(100) b"); } catch(SQLException e){ System.out.println("timeout "+e.getSQLState()); }
 } } }
