package weft.bench;

/// The columns of the table: who is measured in a row.
enum Side {
  WEFT("weft"),
  UVLOOP("uvloop"),
  ASYNCIO("asyncio"),
  FLOOR("JDK floor"),
  PEER("JDK peer");

  private final String title;

  Side(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }
}
