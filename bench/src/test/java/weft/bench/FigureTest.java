package weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
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
    assertTrue(Figure.of(List.of(round(100), round(100), round(126))).wide());
    assertFalse(Figure.of(List.of(round(100), round(100), round(124))).wide());
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

  private static Reading round(double... values) {
    return new Reading(java.util.Arrays.stream(values).boxed().toList());
  }
}
