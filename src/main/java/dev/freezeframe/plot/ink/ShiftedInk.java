package dev.freezeframe.plot.ink;

/// Ink that paints further down, for what stands under a title.
public record ShiftedInk(Ink ink, double down) implements Ink {

    private double[] down(double[] ys) {
        double[] moved = ys.clone();
        for (int i = 0; i < moved.length; i++) {
            moved[i] += down;
        }
        return moved;
    }

    @Override
    public void fill(InkColor color, double x, double y, double width, double height) {
        ink.fill(color, x, y + down, width, height);
    }

    @Override
    public void area(InkColor color, double[] xs, double[] ys, int count) {
        ink.area(color, xs, down(ys), count);
    }

    @Override
    public void path(InkColor color, double thickness, Dash dash, double[] xs, double[] ys, int count) {
        ink.path(color, thickness, dash, xs, down(ys), count);
    }

    @Override
    public void text(InkColor color, Size size, boolean bold, String text, double x, double baseline) {
        ink.text(color, size, bold, text, x, baseline + down);
    }

    @Override
    public double width(Size size, boolean bold, String text) {
        return ink.width(size, bold, text);
    }

    @Override
    public void cells(int[] argb, int columns, int rows, double x, double y, double width, double height) {
        ink.cells(argb, columns, rows, x, y + down, width, height);
    }

    @Override
    public void clip(double x, double y, double width, double height) {
        ink.clip(x, y + down, width, height);
    }

    @Override
    public void unclip() {
        ink.unclip();
    }
}
