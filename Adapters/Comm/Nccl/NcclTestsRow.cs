namespace InferMesh.Adapters.Comm.Nccl;

/// <summary>One way of running a collective.</summary>
/// <param name="TimeMicroseconds">Time of one operation, in microseconds.</param>
/// <param name="AlgorithmBytesPerSecond">Size by time (algbw).</param>
/// <param name="BusBytesPerSecond">What the links carry, whatever the number of ranks (busbw).</param>
/// <param name="Wrong">Elements that were wrong; null when the results were not checked.</param>
public sealed record NcclTestsTiming(double TimeMicroseconds, double AlgorithmBytesPerSecond, double BusBytesPerSecond, long? Wrong);

/// <summary>One message size.</summary>
/// <param name="SizeBytes">Size of the message in bytes.</param>
/// <param name="Elements">Elements in it.</param>
/// <param name="DataType">Type of an element, such as <c>float</c>.</param>
/// <param name="Reduction">Reduction, such as <c>sum</c>; "" for collectives without one.</param>
/// <param name="Root">Rank that sends or gathers; null for collectives without one.</param>
/// <param name="OutOfPlace">Into another buffer; null when it was not measured.</param>
/// <param name="InPlace">Into the same buffer; null when it was not measured.</param>
public sealed record NcclTestsRow(long SizeBytes, long Elements, string DataType, string Reduction, int? Root, NcclTestsTiming? OutOfPlace, NcclTestsTiming? InPlace);

/// <summary>A device that took part.</summary>
/// <param name="Rank">Rank, 0 or more.</param>
/// <param name="Host">Host.</param>
/// <param name="Device">Number of the device on its host.</param>
/// <param name="Name">Name of the device.</param>
public sealed record NcclTestsDevice(int Rank, string Host, int Device, string Name);
