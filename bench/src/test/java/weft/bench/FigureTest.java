package weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FigureTest {
  @Test
  void ofSeveralRoundsItIsTheMedianOfTheirMedians() {
    var figure = Figure.of(List.of(round(1, 9, 9), round(4, 5, 6), round(7, 7, 100)));
    assertEquals(7, figure.median());
    assertEquals(5, figure.min());
    assertEquals(9, figure.max());
    assertEquals(3, figure.rounds());
  }

  @Test
  void ofOneRoundItIsTheMedianOfItsIterations() {
    var figure = Figure.of(List.of(round(3, 1, 2, 4)));
    assertEquals(2.5, figure.median());
    assertEquals(1, figure.min());
    assertEquals(4, figure.max());
  }

  @Test
  void aFigureWhoseRoundsLieFarApartIsWide() {
    assertTrue(rounds(100, 100, 100, 110, 126).wide());
    assertFalse(rounds(100, 100, 100, 110, 124).wide());
  }

  @Test
  void fewRoundsDecideNothing() {
    assertTrue(rounds(100, 100, 100, 100).wide());
    assertTrue(rounds(100).wide());
    assertEquals("open", Mark.Verdict.atMost("", rounds(1, 1, 1, 1), 2).reached());
    assertEquals("open", Mark.Verdict.atLeast("", rounds(1), 2).reached());
  }

  @Test
  void theTrueMedianLiesBetweenTheExtremesOfFewRoundsAndWellInsideThoseOfMany() {
    assertEquals(List.of(1.0, 5.0), interval(5));
    assertEquals(List.of(1.0, 7.0), interval(7)); // all but the extremes: 1 - 16/128
    assertEquals(List.of(2.0, 8.0), interval(9)); // 1 - 20/512
    assertEquals(List.of(3.0, 9.0), interval(11)); // 1 - 134/2048
    assertEquals(List.of(4.0, 12.0), interval(15)); // 1 - 1152/32768
    assertEquals(List.of(23.0, 38.0), interval(60));
    assertEquals(List.of(1.0, 1.0), interval(1));
  }

  @Test
  void aSingleRoundIsAsUncertainAsItsIterationsLieApart() {
    var figure = Figure.of(List.of(round(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)));
    assertEquals(1, figure.low());
    assertEquals(11, figure.high());
  }

  @Test
  void anOutlierAmongManyRoundsDoesNotMakeAFigureWide() {
    var rounds = new ArrayList<Reading>();
    for (int i = 0; i < 10; i++) {
      rounds.add(round(100 + i));
    }
    rounds.add(round(500));
    assertFalse(Figure.of(rounds).wide());
    assertEquals(500, Figure.of(rounds).max());
  }

  @Test
  void aMarkIsOpenWhileMoreRoundsCouldShowEither() {
    var ratio = rounds(1, 1.1, 1.2, 1.3, 1.4);
    assertEquals("yes", Mark.Verdict.atMost("", ratio, 1.4).text());
    assertEquals("no: 1.33 × the mark", Mark.Verdict.atMost("", ratio, 0.9).text());
    assertEquals("open: 1.09 (0.91–1.27) × the mark", Mark.Verdict.atMost("", ratio, 1.1).text());
    assertEquals("yes", Mark.Verdict.atLeast("", ratio, 1).text());
    assertEquals("no: 1.25 × the mark", Mark.Verdict.atLeast("", ratio, 1.5).text());
    assertEquals("open: 0.92 (0.79–1.10) × the mark", Mark.Verdict.atLeast("", ratio, 1.1).text());
  }

  @Test
  void aRatioIsThatOfTheRoundsInWhichBothTookTurns() {
    var slowInTheEnd = Figure.of(List.of(round(12), round(24), round(36)));
    var base = Figure.of(List.of(round(10), round(20), round(40)));
    var ratio = slowInTheEnd.by(base);
    assertEquals(1.2, ratio.median());
    assertEquals(0.9, ratio.min());
    assertTrue(slowInTheEnd.wide());
    assertEquals(2, Figure.of(List.of(round(2))).by(Figure.of(List.of(round(1)))).median());
    assertEquals(24.0 / 5, slowInTheEnd.by(Figure.of(List.of(round(5), round(5)))).median());
  }

  @Test
  void stolenTimeIsTheEighthOfAProcessorsTimes() {
    assertEquals(88, Processors.stolenTicks("cpu0 1 2 3 4 5 6 7 88 9 10"));
    assertEquals(88, Processors.stolenTicks("cpu  1 2 3 4 5 6 7 88 9 10"));
    assertEquals(0, Processors.stolenTicks("cpu0 1 2 3 4"));
  }

  /// What lies around the median of 1, 2, …, n.
  private static List<Double> interval(int n) {
    var figure = Figure.of(IntStream.rangeClosed(1, n).mapToObj(i -> round(i)).toList());
    return List.of(figure.low(), figure.high());
  }

  private static Figure rounds(double... values) {
    return Figure.of(Arrays.stream(values).mapToObj(FigureTest::round).toList());
  }

  private static Reading round(double... values) {
    return new Reading(Arrays.stream(values).boxed().toList());
  }
}
