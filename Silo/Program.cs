var builder = WebApplication.CreateBuilder(args);
builder.UseOrleans(_ => { });
var app = builder.Build();
await app.RunAsync();
