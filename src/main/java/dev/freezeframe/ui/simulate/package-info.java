/// The page *Simulate*: what is to be executed again, the run of it as a picture, and what came of each interval. The engine is
/// `dev.freezeframe.simulate`; only [dev.freezeframe.ui.simulate.SimulationModel] and what it is made of know it.
package dev.freezeframe.ui.simulate;
