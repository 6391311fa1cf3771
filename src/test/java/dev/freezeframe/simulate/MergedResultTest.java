package dev.freezeframe.simulate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.api.Test;

/// What plugins said of intervals, as of a whole run.
class MergedResultTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static String merged(String... results) throws JsonProcessingException {
        MergedResult merged = new MergedResult();
        for (String result : results) {
            merged.add((ObjectNode) JSON.readTree(result));
        }
        return JSON.writeValueAsString(merged.sum());
    }

    @Test
    void numbersAreAddedExactly() throws JsonProcessingException {
        assertEquals("{\"n\":18446744073709551614}",
                merged("{\"n\":9223372036854775807}", "{\"n\":9223372036854775807}"));
        assertEquals("{\"x\":0.6}", merged("{\"x\":0.1}", "{\"x\":0.2}", "{\"x\":0.3}"));
    }

    @Test
    void objectsAndListsAreAddedInEachPlace() throws JsonProcessingException {
        assertEquals("{\"a\":{\"b\":3,\"c\":1,\"d\":5},\"l\":[11,22,3]}",
                merged("{\"a\":{\"b\":1,\"c\":1},\"l\":[1,2]}",
                        "{\"a\":{\"b\":2,\"d\":5},\"l\":[10,20,3]}"));
    }

    @Test
    void whatIsNoNumberStaysWhereItIsTheSame() throws JsonProcessingException {
        assertEquals("{\"n\":6}",
                merged("{\"file\":\"a\",\"n\":1}", "{\"file\":\"b\",\"n\":2}", "{\"file\":\"c\",\"n\":3}"));
        assertEquals("{\"policy\":\"lru\",\"n\":3}", merged("{\"policy\":\"lru\",\"file\":\"a\",\"n\":1}",
                "{\"policy\":\"lru\",\"file\":\"b\",\"n\":2}"));
    }

    @Test
    void whatIsNoFigureIsLeftOut() throws JsonProcessingException {
        assertEquals("{\"n\":3}", merged("{\"x\":1e999,\"n\":1}", "{\"x\":1,\"n\":2}"));
    }

    @Test
    void ofOneItIsThat() throws JsonProcessingException {
        assertEquals("{\"n\":1,\"text\":\"x\"}", merged("{\"n\":1,\"text\":\"x\"}"));
    }

    @Test
    void aNameThatOneIntervalLacksCountsAsItIs() throws JsonProcessingException {
        assertEquals("{\"n\":3,\"m\":7}", merged("{\"n\":1}", "{\"n\":2,\"m\":7}"));
    }
}
