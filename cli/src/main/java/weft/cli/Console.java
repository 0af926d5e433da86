package weft.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jdk.jshell.SourceCodeAnalysis;
import org.jline.reader.Candidate;
import org.jline.reader.CompletingParsedLine;
import org.jline.reader.EOFError;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;
import org.jline.reader.UserInterruptException;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/// The prompt on a terminal: editing, history, completion by JShell's own analysis of the source.
///
/// What tasks print while the prompt waits appears above it.
final class Console implements AutoCloseable {
  private static final String PROMPT = "weft> ";
  private static final String CONTINUATION = "  ...> ";

  private final Terminal terminal;
  private final LineReader reader;
  private final PrintStream plainOut = System.out;
  private final PrintStream plainErr = System.err;

  Console(SourceCodeAnalysis analysis, List<String> commands, Runnable interrupt)
      throws IOException {
    terminal = TerminalBuilder.builder().system(true).build();
    reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .parser(new InputParser(analysis, commands))
            .completer((line, parsed, candidates) -> complete(parsed, candidates))
            .variable(LineReader.SECONDARY_PROMPT_PATTERN, CONTINUATION)
            .variable(LineReader.INDENTATION, 0)
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .build();
    Path history = historyFile();
    if (history != null) {
      reader.setVariable(LineReader.HISTORY_FILE, history);
    }
    terminal.handle(Terminal.Signal.INT, signal -> interrupt.run());
    System.setOut(new PrintStream(new AbovePrompt(plainOut), true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(new AbovePrompt(plainErr), true, StandardCharsets.UTF_8));
  }

  private static @Nullable Path historyFile() {
    String state = System.getenv("XDG_STATE_HOME");
    Path folder =
        state != null && !state.isEmpty()
            ? Path.of(state)
            : Path.of(System.getProperty("user.home"), ".local", "state");
    try {
      Files.createDirectories(folder.resolve("weft"));
      return folder.resolve("weft").resolve("repl-history");
    } catch (IOException e) {
      return null; // then there is no history
    }
  }

  /// The next input, complete; empty when it was given up with Ctrl-C; null at the end (Ctrl-D).
  @Nullable String read() {
    try {
      return reader.readLine(PROMPT);
    } catch (UserInterruptException e) {
      return "";
    } catch (EndOfFileException e) {
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    System.out.flush();
    System.err.flush();
    System.setOut(plainOut);
    System.setErr(plainErr);
    terminal.close();
  }

  private static void complete(ParsedLine parsed, List<Candidate> candidates) {
    if (parsed instanceof Completion completion) {
      completion.values.stream()
          .distinct()
          .forEach(v -> candidates.add(new Candidate(v, v, null, null, null, null, false)));
    }
  }

  /// Tells JLine whether an input is complete, and what could stand at the cursor.
  private record InputParser(SourceCodeAnalysis analysis, List<String> commands) implements Parser {
    @Override
    public ParsedLine parse(String line, int cursor, ParseContext context) {
      if (context == ParseContext.COMPLETE) {
        return completion(line, cursor);
      }
      if (context == ParseContext.ACCEPT_LINE
          && !Repl.isCommand(line)
          && isIncomplete(analysis, line)) {
        throw new EOFError(-1, cursor, "incomplete");
      }
      return new Completion(line, cursor, 0, List.of());
    }

    private Completion completion(String line, int cursor) {
      if (Repl.isCommand(line)) {
        return new Completion(line, cursor, 0, commands);
      }
      int[] anchor = {cursor};
      List<String> values = new ArrayList<>();
      for (var suggestion : analysis.completionSuggestions(line, cursor, anchor)) {
        values.add(suggestion.continuation());
      }
      return new Completion(line, cursor, anchor[0], values);
    }
  }

  static boolean isIncomplete(SourceCodeAnalysis analysis, String input) {
    return switch (analysis.analyzeCompletion(input).completeness()) {
      case DEFINITELY_INCOMPLETE, CONSIDERED_INCOMPLETE -> true;
      case COMPLETE, COMPLETE_WITH_SEMI, EMPTY, UNKNOWN -> false;
    };
  }

  /// One word, from where the suggestions begin to the cursor.
  private record Completion(String line, int cursor, int anchor, List<String> values)
      implements CompletingParsedLine {
    @Override
    public CharSequence escape(CharSequence candidate, boolean complete) {
      return candidate;
    }

    @Override
    public int rawWordCursor() {
      return wordCursor();
    }

    @Override
    public int rawWordLength() {
      return word().length();
    }

    @Override
    public String word() {
      return line.substring(anchor, cursor);
    }

    @Override
    public int wordCursor() {
      return cursor - anchor;
    }

    @Override
    public int wordIndex() {
      return 0;
    }

    @Override
    public List<String> words() {
      return List.of(word());
    }
  }

  /// Whole lines go above the prompt while it waits; otherwise everything passes at once.
  private final class AbovePrompt extends OutputStream {
    private final PrintStream plain;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    AbovePrompt(PrintStream plain) {
      this.plain = plain;
    }

    @Override
    public synchronized void write(int b) {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      line.write(bytes, offset, length);
    }

    @Override
    public synchronized void flush() {
      String text = line.toString(StandardCharsets.UTF_8);
      if (!reader.isReading()) {
        plain.print(text);
        plain.flush();
        line.reset();
        return;
      }
      int end = text.lastIndexOf('\n');
      if (end >= 0) {
        reader.printAbove(text.substring(0, end));
        line.reset();
        line.writeBytes(text.substring(end + 1).getBytes(StandardCharsets.UTF_8));
      }
    }
  }
}
