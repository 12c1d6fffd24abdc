//! A story: what one area of the API does, told over V1 and V2 in a world of its own.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::OnceCell;

use crate::calls::Called;
use crate::world::{World, WorldBuilder};

/// The future of a story's telling.
pub type Telling<'w> = Pin<Box<dyn Future<Output = ()> + Send + 'w>>;

/// Told once per test binary, by whoever asks first: the test of its area, or the comparison of
/// all calls with the list of operations. So both work alone, together and in any order.
pub struct Story {
    world: fn() -> WorldBuilder,
    tell: for<'w> fn(&'w World) -> Telling<'w>,
    called: OnceCell<Called>,
}

impl Story {
    /// A story to be told in a world with every setting at its default.
    pub const fn new(tell: for<'w> fn(&'w World) -> Telling<'w>) -> Self {
        Self::in_world(World::builder, tell)
    }

    /// A story to be told in a world that differs from the default.
    pub const fn in_world(
        world: fn() -> WorldBuilder,
        tell: for<'w> fn(&'w World) -> Telling<'w>,
    ) -> Self {
        Self {
            world,
            tell,
            called: OnceCell::const_new(),
        }
    }

    /// Tells the story unless it has been told, and returns the operations it has called.
    pub async fn told(&self) -> &Called {
        self.called
            .get_or_init(|| async {
                let mut world = (self.world)().start().await;
                (self.tell)(&world).await;
                let called = world.calls().so_far();
                world.stop().await;
                called
            })
            .await
    }
}
