using InferMesh.Grains.Abstractions.Backup;
using InferMesh.Grains.Abstractions.Events;
using InferMesh.Grains.Abstractions.Security;
using static InferMesh.Tests.Cluster.MeshCluster;

namespace InferMesh.Tests.Cluster.Grains;

[TestClass]
public sealed class KeyRingTests
{
    private static IKeyRingGrain Ring => Client.GetGrain<IKeyRingGrain>(IKeyRingGrain.Key);

    [TestMethod]
    public async Task Key_AddedRotatedAndRevoked_IsFollowedAndSurvivesItsGrain()
    {
        var key = new ApiKey { Prefix = Unique("k"), Name = "chat", Hash = [1, 2, 3], Roles = ["viewer"], Tenant = "acme" };
        var added = await Ring.Add(key);
        Assert.AreEqual((KeyStatus.Accepted, "acme"), (added.Status, added.Key!.Tenant));
        Assert.AreEqual(KeyStatus.Accepted, (await Ring.Add(key)).Status, "The same call again.");
        Assert.AreEqual(KeyStatus.Taken, (await Ring.Add(key with { Hash = [9] })).Status);
        Assert.IsNull(await Ring.WaitForNewer(added.Version, TimeSpan.FromMilliseconds(50)));

        var waiting = Ring.WaitForNewer(added.Version, TimeSpan.FromSeconds(4));
        var rotated = await Ring.Rotate(key.Prefix, [4, 5, 6], TimeSpan.FromHours(1), "ann");
        var seen = (await waiting)!.Keys.Single(k => k.Prefix == key.Prefix);
        CollectionAssert.AreEqual(new byte[] { 4, 5, 6 }, seen.Hash);
        CollectionAssert.AreEqual(new byte[] { 1, 2, 3 }, seen.PreviousHash);
        Assert.IsGreaterThan(added.Version, rotated.Version);

        await Silos.DeactivateAsync(Ring);
        Assert.AreEqual("chat", (await Ring.WaitForNewer(-1, TimeSpan.Zero))!.Keys.Single(k => k.Prefix == key.Prefix).Name);

        Assert.AreEqual(KeyStatus.Accepted, (await Ring.Revoke(key.Prefix, "ann")).Status);
        Assert.AreEqual(KeyStatus.NotFound, (await Ring.Revoke(key.Prefix, "ann")).Status);
        Assert.IsFalse((await Ring.WaitForNewer(-1, TimeSpan.Zero))!.Keys.Any(k => k.Prefix == key.Prefix));
        var log = await EventuallyAsync(async () => (await EventsAsync()).Where(e => e.Subject == key.Prefix).ToArray(), events => events.Length == 3, "three events");
        CollectionAssert.AreEqual(new[] { EventTypes.KeyCreated, EventTypes.KeyRotated, EventTypes.KeyRevoked }, log.Select(e => e.Type).ToArray());
        Assert.IsTrue(log.All(e => e is { Tenant: "acme" } && e.Data["name"] == "chat"), "and its tenant sees them");
    }

    [TestMethod]
    public async Task Ring_Restored_HasWhatWasMissing_AndNothingThatWasRevoked()
    {
        var from = Unique("ring");
        ApiKey[] keys = [.. Enumerable.Range(0, 3).Select(static i => Key(i))];
        foreach (var key in keys) await Client.GetGrain<IKeyRingGrain>(from).Add(key);
        var image = (await Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.KeyRing, from)).Save())!;
        Assert.AreEqual(3, image.Version);

        // A ring that was lost.
        var (fresh, freshKeys) = Rings();
        Assert.IsNull(await fresh.Save());
        var dry = await fresh.Restore(image, false, true, "ann");
        Assert.AreEqual((RestoreStatus.Created, "3 keys come back, 0 are there and stay as they are, 0 were revoked and stay revoked"), (dry.Status, dry.Reason));
        Assert.IsNull(await fresh.Save());
        Assert.AreEqual(RestoreStatus.Created, (await fresh.Restore(image, false, false, "ann")).Status);
        var ring = (await freshKeys.WaitForNewer(-1, TimeSpan.Zero))!;
        Assert.IsGreaterThan(image.Version, ring.Version, "who followed the ring that was lost sees another one");
        CollectionAssert.AreEquivalent(keys.Select(Text).ToArray(), ring.Keys.Select(Text).ToArray());
        Assert.AreEqual(RestoreStatus.Unchanged, (await fresh.Restore(image, true, false, "ann")).Status);

        // A ring that went on: rotated and revoked stay so, also after its grain.
        await freshKeys.Rotate(keys[0].Prefix, Hash(9), TimeSpan.Zero, "ben");
        await freshKeys.Revoke(keys[1].Prefix, "ben");
        await Silos.DeactivateAsync(freshKeys);
        var kept = await fresh.Restore(image, true, false, "ann");
        Assert.AreEqual((RestoreStatus.Kept, "0 keys come back, 2 are there and stay as they are, 1 were revoked and stay revoked"), (kept.Status, kept.Reason));
        ring = (await freshKeys.WaitForNewer(-1, TimeSpan.Zero))!;
        Assert.AreEqual(2, ring.Keys.Count);
        CollectionAssert.AreEqual(Hash(9), ring.Keys.Single(k => k.Prefix == keys[0].Prefix).Hash);

        // What was revoked is in its backup, and holds against an older one.
        var later = (await fresh.Save())!;
        var (second, secondKeys) = Rings();
        await second.Restore(later, false, false, "ann");
        Assert.AreEqual(RestoreStatus.Kept, (await second.Restore(image, true, false, "ann")).Status);
        Assert.AreEqual(2, (await secondKeys.WaitForNewer(-1, TimeSpan.Zero))!.Keys.Count);

        var told = await EventuallyAsync(async () => (await EventsAsync()).Where(e => e.Subject == keys[2].Prefix).ToArray(), events => events.Length == 3, "events of the restores");
        Assert.IsTrue(told.All(e => e.Type == EventTypes.KeyCreated));
        Assert.AreEqual(2, told.Count(e => e is { Actor: "ann", Reason: "restored" }));
    }

    [TestMethod]
    [DataRow("{}")]
    [DataRow("[]")]
    [DataRow("""{"Version":1,"Keys":null}""")]
    [DataRow("""{"Version":1,"Keys":[null]}""")]
    [DataRow("""{"Version":1,"Keys":[{"Prefix":"short","Name":"n","Hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","Roles":["admin"]}]}""")]
    [DataRow("""{"Version":1,"Keys":[{"Prefix":"0123456789ab","Name":"n","Hash":"","Roles":["admin"]}]}""")]
    [DataRow("""{"Version":1,"Keys":[{"Prefix":"0123456789ab","Name":"n","Hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","Roles":[]}]}""")]
    public async Task WhatIsNoRing_IsInvalid(string state)
    {
        var (grain, _) = Rings();
        Assert.AreEqual(RestoreStatus.Invalid, (await grain.Restore(new(1, false, state), true, false, "test")).Status);
        Assert.IsNull(await grain.Save());
    }

    private static (IBackedUpGrain Saved, IKeyRingGrain Ring) Rings()
    {
        var name = Unique("ring");
        return (Client.GetGrain<IBackedUpGrain>(GrainId.Create(BackedUpTypes.KeyRing, name)), Client.GetGrain<IKeyRingGrain>(name));
    }

    private static ApiKey Key(int number) => new() { Prefix = $"restored{number:0000}", Name = $"k{number}", Hash = Hash(number), Roles = ["viewer"], Tenant = "acme", CreatedBy = "zoe" };

    private static byte[] Hash(int number) => [.. Enumerable.Repeat((byte)number, 32)];

    private static string Text(ApiKey key) => $"{key.Prefix} {key.Name} {Convert.ToHexString(key.Hash)} {string.Join(',', key.Roles)} {key.Tenant} {key.CreatedBy}";
}
