package dev.freezeframe.ui.chart;

import dev.freezeframe.analyse.CheckpointSeries;
import dev.freezeframe.analyse.SyntheticCheckpoints;
import dev.freezeframe.base.Units;
import dev.freezeframe.plot.PixelColumns;
import dev.freezeframe.ui.FxToolkit;
import dev.freezeframe.ui.theme.Theme;
import io.fair_acc.chartfx.XYChart;
import io.fair_acc.chartfx.axes.spi.DefaultNumericAxis;
import io.fair_acc.chartfx.renderer.ErrorStyle;
import io.fair_acc.chartfx.renderer.LineStyle;
import io.fair_acc.chartfx.renderer.spi.AbstractRendererXY;
import io.fair_acc.chartfx.renderer.spi.ErrorDataSetRenderer;
import io.fair_acc.chartfx.ui.css.DataSetNode;
import io.fair_acc.dataset.DataSet;
import io.fair_acc.dataset.spi.DoubleDataSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javafx.application.Platform;
import javafx.scene.Node;
import javafx.scene.Scene;
import javafx.scene.canvas.GraphicsContext;
import javafx.scene.chart.NumberAxis;
import javafx.scene.chart.StackedAreaChart;
import javafx.scene.chart.XYChart.Data;
import javafx.scene.chart.XYChart.Series;
import javafx.scene.layout.VBox;
import javafx.scene.paint.Color;
import javafx.stage.Stage;

/// Measures how long a frame takes with four charts of many checkpoints, to which one comes with every frame: JavaFX's own
/// charts, ChartFX's with its own renderer, ChartFX's with a renderer that paints our columns of pixels, and ours. One of them in
/// each run, because what one leaves in memory would be the next one's: `javafx|chartfx|chartfx-columns|ours [CHECKPOINTS]`.
///
/// Run with `-Dglass.platform=Headless -Dprism.order=sw` for software rendering without a display.
final class ChartBench {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 700;
    private static final int CHARTS = 4;
    private static final int LAYERS = 4;
    private static final int WARM_UP_FRAMES = 60;
    private static final long WARM_UP_NANOS = 10_000_000_000L;
    private static final int FRAMES = 300;
    private static final long MOST_MILLIS = 60_000;

    private ChartBench() {}

    /// Something that takes one checkpoint more, on the JavaFX thread.
    private interface Live {
        void more();
    }

    public static void main(String[] arguments) throws IOException {
        String name = arguments.length == 0 ? "ours" : arguments[0].toLowerCase(Locale.ROOT);
        int checkpoints = arguments.length < 2 ? 10_000 : Integer.parseInt(arguments[1]);
        switch (name) {
            case "ours" -> ours(checkpoints);
            case "javafx" -> measure(name, checkpoints, FxToolkit.call(() -> javafx(checkpoints)));
            case "chartfx" -> measure(name, checkpoints, FxToolkit.call(() -> chartFx(checkpoints)));
            case "chartfx-columns" -> measure(name, checkpoints, FxToolkit.call(() -> chartFxColumns(checkpoints)));
            default -> throw new IllegalArgumentException("no charts are called " + name);
        }
        System.exit(0);
    }

    private static void measure(String name, int checkpoints, Live live) {
        FrameClock clock = FxToolkit.call(() -> {
            FrameClock made = new FrameClock(FRAMES) {
                private final long until = System.nanoTime() + WARM_UP_NANOS;
                private int warm = WARM_UP_FRAMES;

                @Override
                public void handle(long now) {
                    if (warm > 0 && System.nanoTime() < until) {
                        warm--;
                    } else {
                        super.handle(now);
                    }
                    // ChartFX holds the locks of its data sets between two layouts, so nothing may change them here
                    Platform.runLater(live::more);
                }
            };
            made.start();
            return made;
        });
        long deadline = System.currentTimeMillis() + MOST_MILLIS;
        while (FxToolkit.<Integer>call(clock::frames) < FRAMES && System.currentTimeMillis() < deadline) {
            sleep();
        }
        FxToolkit.run(clock::stop);
        System.gc();
        long used = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
        System.out.println(Units.text("%s, %,d checkpoints: %s; heap %,d MiB", name, checkpoints, clock, used >> 20));
    }

    private static void sleep() {
        try {
            Thread.sleep(100); // looking more often would cost the frames that are measured
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void show(List<? extends Node> charts) {
        VBox all = new VBox();
        all.getChildren().addAll(charts);
        Scene scene = new Scene(all, WIDTH, HEIGHT);
        Theme.LIGHT.apply(scene);
        Stage stage = new Stage();
        stage.setScene(scene);
        stage.show();
    }

    private static void ours(int checkpoints) throws IOException {
        Path directory = Files.createTempDirectory("chart-bench");
        try (LiveCharts<ChartsPane> live = LiveCharts.open(directory, Theme.LIGHT, WIDTH, HEIGHT, ChartsPane::new)) {
            SyntheticCheckpoints source = new SyntheticCheckpoints(live.experimentId(), 7);
            FxToolkit.run(() -> live.arrive(source, checkpoints));
            measure("ours", checkpoints, () -> live.arrive(source, 1));
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static Live javafx(int checkpoints) {
        CheckpointSeries all = SyntheticCheckpoints.series(checkpoints + FRAMES + WARM_UP_FRAMES + 100);
        List<List<Series<Number, Number>>> series = new ArrayList<>();
        List<StackedAreaChart<Number, Number>> charts = new ArrayList<>();
        for (int i = 0; i < CHARTS; i++) {
            StackedAreaChart<Number, Number> chart = new StackedAreaChart<>(new NumberAxis(), new NumberAxis());
            chart.setAnimated(false);
            chart.setCreateSymbols(false);
            List<Series<Number, Number>> layers = new ArrayList<>();
            for (int layer = 0; layer < LAYERS; layer++) {
                Series<Number, Number> one = new Series<>();
                List<Data<Number, Number>> points = new ArrayList<>();
                for (int point = 0; point < checkpoints; point++) {
                    points.add(new Data<>(all.seconds(point), all.phaseMicros(layer, point)));
                }
                one.getData().setAll(points);
                layers.add(one);
            }
            chart.getData().addAll(layers);
            series.add(layers);
            charts.add(chart);
        }
        show(charts);
        int[] next = {checkpoints};
        return () -> {
            int point = next[0]++ % all.size();
            for (List<Series<Number, Number>> layers : series) {
                for (int layer = 0; layer < LAYERS; layer++) {
                    layers.get(layer).getData().add(new Data<>(next[0], all.phaseMicros(layer, point)));
                }
            }
        };
    }

    private static XYChart chart() {
        XYChart chart = new XYChart(new DefaultNumericAxis("time", "s"), new DefaultNumericAxis("pause", "us"));
        chart.setAnimated(false);
        chart.setLegendVisible(false);
        return chart;
    }

    private static Live chartFx(int checkpoints) {
        CheckpointSeries all = SyntheticCheckpoints.series(checkpoints + FRAMES + WARM_UP_FRAMES + 100);
        List<DoubleDataSet> sets = new ArrayList<>();
        List<XYChart> charts = new ArrayList<>();
        for (int i = 0; i < CHARTS; i++) {
            XYChart chart = chart();
            ErrorDataSetRenderer renderer = new ErrorDataSetRenderer();
            renderer.setPolyLineStyle(LineStyle.HISTOGRAM_FILLED);
            renderer.setErrorStyle(ErrorStyle.NONE);
            renderer.setDrawMarker(false);
            for (int layer = 0; layer < LAYERS; layer++) {
                DoubleDataSet set = new DoubleDataSet("layer " + i + "." + layer, checkpoints + 1000);
                for (int point = 0; point < checkpoints; point++) {
                    set.add(all.seconds(point), (double) all.phaseMicros(layer, point));
                }
                sets.add(set);
                renderer.getDatasets().add(set);
            }
            chart.getRenderers().setAll(List.of(renderer));
            charts.add(chart);
        }
        show(charts);
        int[] next = {checkpoints};
        return () -> {
            int point = next[0]++ % all.size();
            for (int i = 0; i < sets.size(); i++) {
                sets.get(i).add(next[0], (double) all.phaseMicros(i % LAYERS, point));
            }
        };
    }

    /// Paints our columns on ChartFX's canvas, between its axes.
    private static final class ColumnsRenderer extends AbstractRendererXY<ColumnsRenderer> {
        private static final List<Color> COLORS = List.of(Color.NAVY, Color.BLUE, Color.CORNFLOWERBLUE,
                Color.LIGHTBLUE);
        private final CheckpointSeries series;

        ColumnsRenderer(CheckpointSeries series) {
            this.series = series;
        }

        @Override
        protected void render(GraphicsContext graphics, DataSet set, DataSetNode style) {
            int pixels = (int) xAxis.getWidth();
            PixelColumns columns = PixelColumns.of(series, series::pauseMicros, xMin, xMax, Math.max(1, pixels));
            for (int i = 0; i < columns.size(); i++) {
                double bottom = Math.rint(yAxis.getDisplayPosition(0));
                double sum = 0;
                for (int layer = 0; layer < LAYERS; layer++) {
                    sum += series.phaseMicros(layer, columns.shown()[i]);
                    double top = Math.rint(yAxis.getDisplayPosition(sum));
                    graphics.setFill(COLORS.get(layer));
                    graphics.fillRect(columns.x()[i], top, columns.width()[i], bottom - top);
                    bottom = top;
                }
            }
        }

        @Override
        protected ColumnsRenderer getThis() {
            return this;
        }
    }

    private static Live chartFxColumns(int checkpoints) {
        SyntheticCheckpoints source = new SyntheticCheckpoints(1, 42);
        CheckpointSeries all = new CheckpointSeries(SyntheticCheckpoints.START);
        for (int i = 0; i < checkpoints; i++) {
            all.add(source.next());
        }
        List<DoubleDataSet> ranges = new ArrayList<>();
        List<XYChart> charts = new ArrayList<>();
        for (int i = 0; i < CHARTS; i++) {
            XYChart chart = chart();
            ColumnsRenderer renderer = new ColumnsRenderer(all);
            // only says how far the axes reach
            DoubleDataSet range = new DoubleDataSet("range " + i, 8);
            range.add(0, 0).add(all.lastSeconds(), 8000);
            ranges.add(range);
            renderer.getDatasets().add(range);
            chart.getRenderers().setAll(List.of(renderer));
            charts.add(chart);
        }
        show(charts);
        return () -> {
            all.add(source.next());
            ranges.forEach(range -> range.set(1, all.lastSeconds(), 8000));
        };
    }
}
