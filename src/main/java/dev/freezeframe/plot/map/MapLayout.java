package dev.freezeframe.plot.map;

import dev.freezeframe.base.GuestPage;
import dev.freezeframe.base.Units;

/// How a stretch of guest RAM lies on a rectangle: row after row of cells of the same size, each for the same number of pages,
/// a power of two. Cells are as large as they can be, and hold one page as soon as all pages have room.
///
/// @param firstPage    of the first cell
/// @param lastPage     behind the last page shown
/// @param pagesPerCell a power of two
/// @param cellWidth    in pixels
/// @param cellHeight   in pixels
public record MapLayout(int firstPage, int lastPage, int pagesPerCell, int columns, int rows, int cellWidth,
        int cellHeight) {
    private static final int LEAST_CELL = 2;
    private static final int LARGEST_CELL = 24;
    /// Rows begin at round addresses.
    private static final int COLUMNS_ARE_TIMES = 16;

    public static MapLayout of(int firstPage, int pages, double width, double height) {
        if (pages <= 0 || width < LEAST_CELL * COLUMNS_ARE_TIMES || height < LEAST_CELL) {
            return new MapLayout(firstPage, firstPage, 1, COLUMNS_ARE_TIMES, 0, LEAST_CELL, LEAST_CELL);
        }
        int cell = LARGEST_CELL;
        while (cell > LEAST_CELL && (cell * COLUMNS_ARE_TIMES > width || capacity(cell, width, height) < pages)) {
            cell--;
        }
        long capacity = Math.max(1, capacity(cell, width, height));
        int perCell = 1;
        while (perCell * capacity < pages) {
            perCell *= 2;
        }
        int columns = columns(cell, width);
        int rows = (int) (((long) pages + (long) columns * perCell - 1) / ((long) columns * perCell));
        int cellHeight = Math.clamp((int) (height / rows), Math.min(cell, (int) height), 2 * cell);
        return new MapLayout(firstPage, firstPage + pages, perCell, columns, rows, cell, cellHeight);
    }

    private static int columns(int cell, double width) {
        return Math.max(COLUMNS_ARE_TIMES, (int) (width / cell) / COLUMNS_ARE_TIMES * COLUMNS_ARE_TIMES);
    }

    private static long capacity(int cell, double width, double height) {
        return (long) columns(cell, width) * (int) (height / cell);
    }

    int cells() {
        return (lastPage - firstPage + pagesPerCell - 1) / pagesPerCell;
    }

    public int pagesPerRow() {
        return columns * pagesPerCell;
    }

    public double width() {
        return (double) columns * cellWidth;
    }

    public double height() {
        return (double) rows * cellHeight;
    }

    /// The cell at a place, -1 where there is none.
    public int cellAt(double x, double y) {
        if (x < 0 || y < 0 || x >= width() || y >= height()) {
            return -1;
        }
        int row = (int) (y / cellHeight);
        int cell = row * columns + (int) (x / cellWidth);
        return cell < cells() ? cell : -1;
    }

    /// The cell that holds a page, -1 where it is not shown.
    public int cellOf(int page) {
        return page < firstPage || page >= lastPage ? -1 : (page - firstPage) / pagesPerCell;
    }

    public int firstPageOf(int cell) {
        return firstPage + cell * pagesPerCell;
    }

    /// Behind the last page of a cell.
    public int endOf(int cell) {
        return Math.min(lastPage, firstPageOf(cell) + pagesPerCell);
    }

    /// The offset of a page in RAM, such as `0x00400000`.
    public static String address(long page, long pages) {
        long bytes = page * GuestPage.BYTES;
        return Units.text(pages * GuestPage.BYTES > 1L << 32 ? "0x%09x" : "0x%08x", bytes);
    }
}
