package dev.freezeframe.ui.lineage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.freezeframe.store.model.ExperimentRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What the drawn family promises: every experiment once, each branch at its checkpoint, and no branch across a sister.
class FamilyLayoutTest {

    private static ExperimentRecord experiment(long id) {
        return new ExperimentRecord(id, "experiment-" + id, "boot-sector", "{}", 1 << 20, Optional.empty(),
                Instant.EPOCH, Optional.empty(), Optional.empty());
    }

    private static FamilyNode root(long id, int checkpoints) {
        return FamilyNode.of(experiment(id), Optional.empty(), IntStream.rangeClosed(1, checkpoints).toArray());
    }

    private static FamilyNode child(long id, long parent, int number, int checkpoints) {
        return FamilyNode.of(experiment(id), Optional.of(new FamilyNode.Origin(parent, number)), IntStream
                .rangeClosed(1, checkpoints).toArray());
    }

    private static List<Long> ids(FamilyLayout layout) {
        return layout.rows().stream().map(row -> row.node().experiment().id()).toList();
    }

    @Test
    void oneExperimentIsOneLane() {
        FamilyLayout layout = FamilyLayout.of(List.of(root(1, 40)));
        assertEquals(List.of(1L), ids(layout));
        assertEquals(40, layout.width());
        assertTrue(layout.rows().getFirst().arrival().isEmpty());
        assertEquals(FamilyLayout.EMPTY, FamilyLayout.of(List.of()));
    }

    @Test
    void aChildBeginsWhereItWasRestoredFrom() {
        FamilyLayout layout = FamilyLayout.of(List.of(child(2, 1, 17, 50), root(1, 40)));
        assertEquals(List.of(1L, 2L), ids(layout));
        FamilyRow parent = layout.rows().get(0);
        FamilyRow child = layout.rows().get(1);
        assertEquals(parent.place(17), child.start());
        assertEquals(parent.place(17), child.arrival().getAsDouble());
        assertEquals(List.of(parent.place(17)), parent.departures());
        assertEquals(17 + 50, layout.width());
        assertEquals(1, child.depth());
    }

    @Test
    void laterBranchesStandNearerToTheirParent() {
        FamilyLayout layout = FamilyLayout.of(List.of(root(1, 40), child(2, 1, 5, 3), child(3, 1, 30, 3), child(4, 3, 1,
                2)));
        assertEquals(List.of(1L, 3L, 4L, 2L), ids(layout));
        assertEquals(List.of(5.0), layout.rows().get(1).passes());
        assertEquals(List.of(5.0), layout.rows().get(2).passes());
        assertEquals(List.of(), layout.rows().get(3).passes());
    }

    @Test
    void whatComesFromAnExperimentThatIsGoneIsARoot() {
        FamilyLayout layout = FamilyLayout.of(List.of(child(7, 3, 5, 10)));
        assertEquals(0, layout.rows().getFirst().start());
        assertTrue(layout.rows().getFirst().arrival().isEmpty());
    }

    @Test
    void aDamagedStoreWithACircleIsStillDrawn() {
        FamilyLayout layout = FamilyLayout.of(List.of(child(1, 2, 1, 4), child(2, 1, 1, 4)));
        assertEquals(2, layout.rows().size());
    }

    @Test
    void twoHundredExperimentsAreEachThereOnceAndNoBranchCrossesAnotherLane() {
        Random random = new Random(1);
        List<FamilyNode> nodes = new ArrayList<>();
        for (int id = 1; id <= 200; id++) {
            nodes.add(id < 10 || random.nextInt(10) == 0
                    ? root(id, 1 + random.nextInt(60))
                    : child(id, 1 + random.nextInt(id - 1), 1 + random.nextInt(40), random.nextInt(60)));
        }
        FamilyLayout layout = FamilyLayout.of(nodes.reversed());
        assertEquals(200, layout.rows().stream().map(row -> row.node().experiment().id()).distinct().count());
        Map<Long, Integer> rowOf = new HashMap<>();
        for (int i = 0; i < 200; i++) {
            rowOf.put(layout.rows().get(i).node().experiment().id(), i);
        }
        for (FamilyRow row : layout.rows()) {
            row.node().origin().ifPresent(origin -> {
                int parent = rowOf.get(origin.experimentId());
                int own = rowOf.get(row.node().experiment().id());
                assertTrue(parent < own, "a child stands below its parent");
                for (int between = parent + 1; between < own; between++) {
                    FamilyRow crossed = layout.rows().get(between);
                    assertTrue(crossed.passes().contains(row.start()));
                    boolean ofSameParent = crossed.node().origin().filter(other -> other.experimentId() == origin
                            .experimentId()).isPresent();
                    assertFalse(ofSameParent && crossed.start() < row.start(), "it crosses a sister's lane");
                }
            });
        }
    }

    @Test
    void theNearestCheckpointIsFoundAcrossGaps() {
        FamilyNode node = FamilyNode.of(experiment(1), Optional.empty(), new int[]{1, 2, 10, 20});
        assertEquals(Optional.of(1), node.nearest(-5));
        assertEquals(Optional.of(2), node.nearest(5.5));
        assertEquals(Optional.of(10), node.nearest(7));
        assertEquals(Optional.of(20), node.nearest(99));
        assertEquals(Optional.empty(), root(1, 0).nearest(3));
    }
}
