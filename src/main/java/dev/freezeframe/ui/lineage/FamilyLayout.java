package dev.freezeframe.ui.lineage;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeSet;

/// The tree of experiments, drawn: a lane for each experiment, below the one that it branched off from. A branch that began
/// later stands nearer to its parent, so no branch crosses the lane of a sister.
///
/// @param rows  from the top
/// @param width the place of the last checkpoint of all
public record FamilyLayout(List<FamilyRow> rows, double width) {
    /// Nothing.
    public static final FamilyLayout EMPTY = new FamilyLayout(List.of(), 0);

    private record Placed(FamilyNode node, int depth, double start, int parentRow) {}

    /// Lays experiments out. Trees come in the order of their roots; what says that it comes from an experiment that is not
    /// there is a root.
    public static FamilyLayout of(List<FamilyNode> nodes) {
        Map<Long, FamilyNode> byId = new LinkedHashMap<>();
        nodes.forEach(node -> byId.put(node.experiment().id(), node));
        Map<Long, List<FamilyNode>> children = new HashMap<>();
        Deque<Placed> open = new ArrayDeque<>();
        for (FamilyNode node : byId.values()) {
            if (isRoot(node, byId)) {
                open.addLast(new Placed(node, 0, 0, -1));
            } else {
                children.computeIfAbsent(node.origin().get().experimentId(), _ -> new ArrayList<>()).add(node);
            }
        }
        // the earliest is pushed first, so the latest comes out first
        children.values().forEach(each -> each.sort(Comparator.comparingInt(node -> node.origin().get().number())));
        List<Placed> placed = new ArrayList<>();
        while (!open.isEmpty()) {
            Placed next = open.pop();
            int row = placed.size();
            placed.add(next);
            for (FamilyNode child : children.getOrDefault(next.node.experiment().id(), List.of())) {
                open.push(new Placed(child, next.depth + 1, next.start + child.origin().get().number(), row));
            }
        }
        return connect(placed);
    }

    /// An id is never used again, so a parent always has the lower one; what says otherwise is damaged, and would never end.
    private static boolean isRoot(FamilyNode node, Map<Long, FamilyNode> byId) {
        return node.origin().filter(origin -> byId.containsKey(origin.experimentId()) && origin.experimentId() < node
                .experiment().id()).isEmpty();
    }

    private static FamilyLayout connect(List<Placed> placed) {
        List<TreeSet<Double>> departures = new ArrayList<>();
        List<TreeSet<Double>> passes = new ArrayList<>();
        placed.forEach(_ -> {
            departures.add(new TreeSet<>());
            passes.add(new TreeSet<>());
        });
        double width = 0;
        for (int row = 0; row < placed.size(); row++) {
            Placed each = placed.get(row);
            width = Math.max(width, each.start + each.node.last());
            if (each.parentRow >= 0) {
                departures.get(each.parentRow).add(each.start);
                for (int between = each.parentRow + 1; between < row; between++) {
                    passes.get(between).add(each.start);
                }
            }
        }
        List<FamilyRow> rows = new ArrayList<>();
        for (int row = 0; row < placed.size(); row++) {
            Placed each = placed.get(row);
            rows.add(new FamilyRow(each.node, each.depth, each.start, each.parentRow < 0
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(each.start), List.copyOf(departures.get(row)), List.copyOf(passes.get(row))));
        }
        return new FamilyLayout(List.copyOf(rows), width);
    }
}
