from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('people', '0011_help_texts'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='first_steps_closed_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='put the first steps away'),
        ),
    ]
